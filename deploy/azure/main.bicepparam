using './main.bicep'

param image = 'myregistry.azurecr.io/aoai-monitor:0.1.0'
param registry = 'myregistry.azurecr.io'
param subscriptionIds = ['00000000-0000-0000-0000-000000000001']
param publicUrl = 'https://monitor.example.com'
param oidcClientId = '00000000-0000-0000-0000-000000000002'
param oidcClientSecret = readEnvironmentVariable('OIDC_CLIENT_SECRET')
param oidcAllow = 'example.com'
param cookieSecret = readEnvironmentVariable('COOKIE_SECRET')
