// What the collector may read of one subscription; docs/azure.md says which figure needs which role.
targetScope = 'subscription'

@description('Object id of the collector\'s identity.')
param principalId string

@description('Whether the bill is read too; without, costs stay estimates at list price.')
param readBills bool = true

var reading = {
  reader: 'acdd72a7-3385-48ef-bd42-f606fba81ae7'
  monitoringReader: '43d0d8ad-25c7-4714-9337-8ba259a9fe05'
  usagesReader: 'bba48692-92b0-4667-a9ad-c31c7b334ac2'
}
var costReader = {
  costManagementReader: '72fafb9e-0641-4937-9268-a91bfd8191a3'
}
var roles = readBills ? union(reading, costReader) : reading

resource assignments 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for role in items(roles): {
  name: guid(subscription().id, principalId, role.value)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role.value)
  }
}]
