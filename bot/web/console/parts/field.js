// A labelled field. What is typed is sent when nobody types for a moment, and at once when it is left.
import { h } from "vue";

const PAUSE = 300; // milliseconds

export default {
  props: {
    name: String,
    label: String,
    value: String,
    kind: String, // of an input; a textarea where there are rows
    rows: Number,
    limit: Number,
    least: String,
    most: String,
    spoken: String, // what a slider's place means
    hint: String,
    disabled: Boolean,
  },
  emits: ["typed", "enter"],
  data() {
    return { text: this.value, sent: this.value };
  },
  watch: {
    value(now) {
      this.text = this.sent = now;
    },
  },
  beforeUnmount() {
    clearTimeout(this.timer);
  },
  methods: {
    onInput(event) {
      this.text = event.target.value;
      clearTimeout(this.timer);
      this.timer = setTimeout(this.send, PAUSE);
    },
    onKeydown(event) {
      if (this.rows || event.key !== "Enter" || event.isComposing) return;
      event.preventDefault();
      this.send();
      this.$emit("enter");
    },
    send() {
      clearTimeout(this.timer);
      if (this.text === this.sent) return;
      this.sent = this.text;
      this.$emit("typed", this.text.toWellFormed?.() ?? this.text); // half a character can't be sent as UTF-8
    },
  },
  render() {
    const hint = this.hint ? `${this.name}-hint` : undefined;
    const shared = {
      id: this.name,
      value: this.text,
      disabled: this.disabled,
      "aria-describedby": hint,
      onInput: this.onInput,
      onChange: this.send,
      onKeydown: this.onKeydown,
    };
    const input = this.rows
      ? h("textarea", { ...shared, rows: this.rows, maxlength: this.limit, dir: "auto" })
      : h("input", {
          ...shared,
          type: this.kind,
          maxlength: this.limit,
          min: this.least,
          max: this.most,
          "aria-valuetext": this.spoken,
          dir: this.kind === "text" ? "auto" : undefined,
        });
    return h("div", { class: "field" }, [
      h("label", { for: this.name }, this.label),
      input,
      this.hint && h("span", { id: hint, class: "muted" }, this.hint),
    ]);
  },
};
