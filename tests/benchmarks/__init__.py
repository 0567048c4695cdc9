"""Speed, side by side with other engines. See README.md here."""
