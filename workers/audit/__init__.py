"""What must always be true, checked again and again; the exporter of gauges."""
