"""The doors: they decode, find the session, and encode what it says."""
