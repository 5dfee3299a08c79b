"""The sentence encoder: a BERT on OpenVINO that turns a text into a vector, so that like meanings lie close."""
