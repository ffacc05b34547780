"""The nouns of a conversation: frozen data, no input or output."""
