"""Who may do what: roles, accounts, passwords, sessions, tokens. ``api.guard`` asks here before each answer."""
