"""`regplug test`: how good networks are on what they have not seen."""
