"""The HTTP doors of the Conversations API."""
