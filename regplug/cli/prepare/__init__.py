"""`regplug prepare`: data as users have them become a training set."""
