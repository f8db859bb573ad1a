"""Calls to the outside: Slack by its SDK, webhooks by signed posts; every way a call can end is a `Reply`."""
