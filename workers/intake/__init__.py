"""Events come in: stream consumer, validation, capture, quarantine, reference data."""
