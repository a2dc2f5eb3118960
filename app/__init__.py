"""Where everything meets: entry point, window, command line, controllers, messages, bridge."""
