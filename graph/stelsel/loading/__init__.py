"""Deliveries become editions."""
