"""What is to be told reaches people: outbox to Slack and webhooks."""
