"""Fine-tuning: approved questions and answers in, a model directory with its report out."""
