"""May this text leave? Secrets and personal data are found at the exits, and masked, refused or
noted there. What comes back is restored. It is no proof against whoever wants to smuggle."""
