"""The servers that the gateway is measured beside, each as its own documentation would have it written."""
