"""What a screen shows, worked out from the rows of the store without any Streamlit."""
