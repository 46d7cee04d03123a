"""What ends when: model versions, api-versions, and how dates moved."""
