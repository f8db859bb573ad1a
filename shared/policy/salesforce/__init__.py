"""Salesforce's lead assignment rules and business hours, turned into a routing policy: text in, text and report out."""
