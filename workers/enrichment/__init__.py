"""Facts are added: normal forms, providers, ICP, intent, the buffer."""
