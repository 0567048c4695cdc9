"""The service: decisions over HTTP, and the page on which a person is asked."""
