"""What a model predicts along regions or around variants, written as tracks and views."""
