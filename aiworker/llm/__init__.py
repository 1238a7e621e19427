"""Models: one client interface, and the offline rule engine that answers without one."""
