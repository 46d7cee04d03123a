"""The browser door: reads the store and shows it, and writes nothing but what people did with an alert."""
