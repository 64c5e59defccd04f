"""The ports of the domain: protocols that adapters and embedded parts implement."""
