"""Fine-tuning: from approved questions and answers to a model directory with its report."""
