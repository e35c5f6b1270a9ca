"""The HTTP door: collecting, reading, webhooks, health."""
