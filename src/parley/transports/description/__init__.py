"""What the routes of the Conversations API take and answer, in words and schemas: one YAML file a subject."""
