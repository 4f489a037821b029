"""The gateway from outside: HTTP, media types, errors, bad input, sessions, and the addresses beside `/graphql`."""
