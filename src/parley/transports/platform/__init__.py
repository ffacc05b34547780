"""The door of the platform API: workspaces, live sessions, operators."""
