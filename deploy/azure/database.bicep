// Azure Database for PostgreSQL: reached from the network only, logged into by Entra identities only.
param name string
param location string
param subnetId string
param zoneId string

@description('Object id and name of the identity that owns the tables: the collector\'s.')
param ownerPrincipalId string
param ownerName string

@description('A size whose letter says its tier: Standard_B (burstable), Standard_D (general purpose), Standard_E (memory).')
param skuName string = 'Standard_B2s'
param storageGb int = 64
param backupDays int = 14

var tiers = {
  Standard_B: 'Burstable'
  Standard_D: 'GeneralPurpose'
  Standard_E: 'MemoryOptimized'
}

resource server 'Microsoft.DBforPostgreSQL/flexibleServers@2024-08-01' = {
  name: name
  location: location
  sku: {
    name: skuName
    tier: tiers[substring(skuName, 0, 10)]
  }
  properties: {
    version: '17'
    authConfig: {
      activeDirectoryAuth: 'Enabled'
      passwordAuth: 'Disabled'
      tenantId: tenant().tenantId
    }
    network: {
      delegatedSubnetResourceId: subnetId
      privateDnsZoneArmResourceId: zoneId
    }
    storage: {
      storageSizeGB: storageGb
      autoGrow: 'Enabled'
    }
    backup: {
      backupRetentionDays: backupDays
      geoRedundantBackup: 'Disabled'
    }
  }
}

resource owner 'Microsoft.DBforPostgreSQL/flexibleServers/administrators@2024-08-01' = {
  parent: server
  name: ownerPrincipalId
  properties: {
    principalName: ownerName
    principalType: 'ServicePrincipal'
    tenantId: tenant().tenantId
  }
}

resource database 'Microsoft.DBforPostgreSQL/flexibleServers/databases@2024-08-01' = {
  parent: server
  name: 'aoai'
  dependsOn: [owner]
}

output host string = server.properties.fullyQualifiedDomainName
output databaseName string = database.name
