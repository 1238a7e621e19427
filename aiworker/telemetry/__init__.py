"""What leaves the process for people who operate it: logs, and the redaction every line passes."""
