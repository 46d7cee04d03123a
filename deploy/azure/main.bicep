// aoai-monitor on Azure Container Apps: collector and dashboard with an identity each, PostgreSQL in a network of its own.
//   az deployment group create --resource-group RG --template-file deploy/azure/main.bicep --parameters deploy/azure/main.bicepparam
targetScope = 'resourceGroup'

@description('Prefix of every name; letters, digits and hyphens.')
@minLength(3)
@maxLength(20)
param name string = 'aoai-monitor'

param location string = resourceGroup().location

@description('The image, such as myregistry.azurecr.io/aoai-monitor:0.1.0.')
param image string

@description('The registry that holds the image, such as myregistry.azurecr.io; give the two identities AcrPull there.')
param registry string

@description('The subscriptions to watch.')
@minLength(1)
param subscriptionIds string[]

@description('Whether the bill is read too.')
param readBills bool = true

@description('Currency that prices are asked in; empty: the subscription\'s billing currency.')
param currency string = ''

param timezone string = 'UTC'

@description('Whether the dashboard is reached from the network only. If false, login is what stands between it and the internet.')
param internalOnly bool = true

@description('Where people reach the dashboard; must match the redirect address of the app registration.')
param publicUrl string

@description('Login: an app registration of your tenant.')
param oidcClientId string

@secure()
param oidcClientSecret string

@description('Domains, groups or mail addresses that may look, comma separated.')
param oidcAllow string

@description('Signs login cookies: 32 random characters or more.')
@secure()
@minLength(32)
param cookieSecret string

@description('smtps://user:pass@host; empty: no letters.')
@secure()
param smtpUrl string = ''
param mailFrom string = ''
param mailTo string = ''
param mailDomains string = ''

@secure()
@description('Text of aoai-monitor.toml: rates, teams, budgets and whatever has no parameter here (docs/settings.md).')
param settings string = ''

param addressPrefix string = '10.90.0.0/24'
param databaseSku string = 'Standard_B2s'

var collectorName = '${name}-collector'
var dashboardName = '${name}-dashboard'
// The dashboard asks Azure nothing, but its database tokens are of the cloud too.
var cloud = az.environment().name == 'AzureUSGovernment' ? 'usgov' : 'public'
var settingsSecret = { name: 'settings', value: empty(settings) ? '# nothing beside the parameters' : settings }
var settingsVariable = { name: 'AOAI_CONFIG', value: '/etc/aoai-monitor/aoai-monitor.toml' }
var settingsVolume = {
  name: 'settings'
  storageType: 'Secret'
  secrets: [{ secretRef: 'settings', path: 'aoai-monitor.toml' }]
}
var settingsMount = { volumeName: 'settings', mountPath: '/etc/aoai-monitor' }
var smtpSecrets = empty(smtpUrl) ? [] : [{ name: 'smtp-url', value: smtpUrl }]
var smtpVariables = empty(smtpUrl) ? [] : [{ name: 'AOAI_SMTP_URL', secretRef: 'smtp-url' }]

resource collectorIdentity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: collectorName
  location: location
}

resource dashboardIdentity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: dashboardName
  location: location
}

module roles 'roles.bicep' = [for id in subscriptionIds: {
  name: '${name}-roles-${uniqueString(id)}'
  scope: subscription(id)
  params: {
    principalId: collectorIdentity.properties.principalId
    readBills: readBills
  }
}]

module network 'network.bicep' = {
  name: '${name}-network'
  params: {
    name: name
    location: location
    addressPrefix: addressPrefix
  }
}

module database 'database.bicep' = {
  name: '${name}-database'
  params: {
    name: '${name}-${uniqueString(resourceGroup().id)}'
    location: location
    subnetId: network.outputs.databaseSubnetId
    zoneId: network.outputs.databaseZoneId
    ownerPrincipalId: collectorIdentity.properties.principalId
    ownerName: collectorName
    skuName: databaseSku
  }
}

resource logs 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: name
  location: location
  properties: {
    retentionInDays: 30
    sku: {
      name: 'PerGB2018'
    }
  }
}

resource apps 'Microsoft.App/managedEnvironments@2024-03-01' = {
  name: name
  location: location
  properties: {
    appLogsConfiguration: {
      destination: 'log-analytics'
      logAnalyticsConfiguration: {
        customerId: logs.properties.customerId
        sharedKey: logs.listKeys().primarySharedKey
      }
    }
    vnetConfiguration: {
      infrastructureSubnetId: network.outputs.appsSubnetId
      internal: internalOnly
    }
    workloadProfiles: [
      {
        name: 'Consumption'
        workloadProfileType: 'Consumption'
      }
    ]
  }
}

var collectorVariables = [
  { name: 'AZURE_CLIENT_ID', value: collectorIdentity.properties.clientId }
  { name: 'AOAI_CLOUD', value: cloud }
  { name: 'AOAI_DATABASE_URL', value: 'postgresql+psycopg://${collectorName}@${database.outputs.host}:5432/${database.outputs.databaseName}' }
  { name: 'AOAI_DATABASE_AUTH', value: 'entra' }
  { name: 'AOAI_LOG_FORMAT', value: 'json' }
]

resource collector 'Microsoft.App/containerApps@2024-03-01' = {
  name: collectorName
  location: location
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${collectorIdentity.id}': {}
    }
  }
  properties: {
    environmentId: apps.id
    workloadProfileName: 'Consumption'
    configuration: {
      activeRevisionsMode: 'Single'
      registries: [{ server: registry, identity: collectorIdentity.id }]
      secrets: concat(smtpSecrets, [settingsSecret])
    }
    template: {
      initContainers: [
        {
          name: 'migrate'
          image: image
          args: ['db', 'upgrade']
          resources: { cpu: json('0.5'), memory: '1Gi' }
          env: collectorVariables
        }
        {
          name: 'grant'
          image: image
          args: ['db', 'grant', '--role', dashboardName, '--entra', '--run']
          resources: { cpu: json('0.5'), memory: '1Gi' }
          env: collectorVariables
        }
      ]
      containers: [
        {
          name: 'collector'
          image: image
          args: ['serve']
          resources: { cpu: json('0.5'), memory: '1Gi' }
          volumeMounts: [settingsMount]
          env: concat(collectorVariables, smtpVariables, [
            settingsVariable
            { name: 'AOAI_SUBSCRIPTIONS', value: join(subscriptionIds, ',') }
            { name: 'AOAI_CURRENCY', value: currency }
            { name: 'AOAI_TIMEZONE', value: timezone }
            { name: 'AOAI_PUBLIC_URL', value: publicUrl }
            { name: 'AOAI_MAIL_FROM', value: mailFrom }
            { name: 'AOAI_MAIL_TO', value: mailTo }
            { name: 'AOAI_MAIL_DOMAINS', value: mailDomains }
          ])
        }
      ]
      volumes: [settingsVolume]
      // One is enough and two do no harm: each step holds a lease.
      scale: { minReplicas: 1, maxReplicas: 1 }
    }
  }
}

resource dashboard 'Microsoft.App/containerApps@2024-03-01' = {
  name: dashboardName
  location: location
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${dashboardIdentity.id}': {}
    }
  }
  properties: {
    environmentId: apps.id
    workloadProfileName: 'Consumption'
    configuration: {
      activeRevisionsMode: 'Single'
      registries: [{ server: registry, identity: dashboardIdentity.id }]
      ingress: {
        external: true // to the network; `internalOnly` says whether that is the internet
        targetPort: 8501
        transport: 'auto'
        allowInsecure: false
      }
      secrets: [
        { name: 'oidc-client-secret', value: oidcClientSecret }
        { name: 'cookie-secret', value: cookieSecret }
        settingsSecret
      ]
    }
    template: {
      containers: [
        {
          name: 'dashboard'
          image: image
          args: ['dashboard']
          resources: { cpu: json('0.5'), memory: '1Gi' }
          volumeMounts: [settingsMount]
          env: [
            settingsVariable
            { name: 'AZURE_CLIENT_ID', value: dashboardIdentity.properties.clientId }
            { name: 'AOAI_CLOUD', value: cloud }
            { name: 'AOAI_DATABASE_URL', value: 'postgresql+psycopg://${dashboardName}@${database.outputs.host}:5432/${database.outputs.databaseName}' }
            { name: 'AOAI_DATABASE_AUTH', value: 'entra' }
            { name: 'AOAI_DASHBOARD_LISTEN', value: '0.0.0.0:8501' }
            { name: 'AOAI_PUBLIC_URL', value: publicUrl }
            { name: 'AOAI_OIDC_ISSUER', value: '${az.environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0' }
            { name: 'AOAI_OIDC_CLIENT_ID', value: oidcClientId }
            { name: 'AOAI_OIDC_CLIENT_SECRET', secretRef: 'oidc-client-secret' }
            { name: 'AOAI_OIDC_ALLOW', value: oidcAllow }
            { name: 'AOAI_COOKIE_SECRET', secretRef: 'cookie-secret' }
            { name: 'AOAI_TIMEZONE', value: timezone }
            { name: 'AOAI_LOG_FORMAT', value: 'json' }
          ]
          // Whether it listens, not whether the store answers: a restart mends no store, and people read on the page why.
          probes: [
            {
              type: 'Liveness'
              tcpSocket: { port: 8501 }
              periodSeconds: 30
              timeoutSeconds: 10
              failureThreshold: 6
            }
            {
              type: 'Startup'
              tcpSocket: { port: 8501 }
              periodSeconds: 10
              timeoutSeconds: 10
              failureThreshold: 30
            }
          ]
        }
      ]
      volumes: [settingsVolume]
      // A session's page talks to the process that drew it, so there is one.
      scale: { minReplicas: 1, maxReplicas: 1 }
    }
  }
  dependsOn: [collector]
}

output dashboardAddress string = 'https://${dashboard.properties.configuration.ingress.fqdn}'
output collectorPrincipalId string = collectorIdentity.properties.principalId
