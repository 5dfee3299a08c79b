// The field in which a question is written. What is typed stays in the browser until it is sent: no round trip per
// key, and nothing that was thought better of reaches the server.
import { h, nextTick } from "vue";

const NEAR_LIMIT = 0.9; // the share of the limit from which the counter is shown
const MAX_HEIGHT = 200; // CSS pixels; a longer text scrolls

export default {
  props: { limit: Number, label: String, placeholder: String, hint: String, sendLabel: String, counter: String },
  emits: ["send"],
  data: () => ({ text: "" }),
  mounted() {
    this.$refs.field.focus({ preventScroll: true });
  },
  methods: {
    onInput(event) {
      this.text = event.target.value;
      this.fit();
    },
    onKeydown(event) {
      // While an input method composes a character, Enter belongs to it.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.send();
    },
    send() {
      const text = this.text.trim();
      const isCutOff = window.did_handshake && !window.socket.connected;
      if (!text || isCutOff) return; // what can't be sent stays where it is
      this.$emit("send", text.toWellFormed?.() ?? text); // half a character can't be sent as UTF-8
      this.text = "";
      this.$refs.field.focus();
      nextTick(() => this.fit());
    },
    fit() {
      const field = this.$refs.field;
      field.style.height = "auto";
      field.style.height = `${Math.min(field.scrollHeight, MAX_HEIGHT)}px`;
    },
  },
  render() {
    const used = this.text.length;
    return h("form", { class: "composer", onSubmit: (event) => (event.preventDefault(), this.send()) }, [
      h("textarea", {
        ref: "field",
        rows: 1,
        dir: "auto",
        value: this.text,
        maxlength: this.limit,
        placeholder: this.placeholder,
        "aria-label": this.label,
        title: this.hint,
        onInput: this.onInput,
        onKeydown: this.onKeydown,
      }),
      used >= this.limit * NEAR_LIMIT &&
        h("span", { class: ["counter", { full: used >= this.limit }], role: "status" }, this.counter.replace("{used}", used).replace("{limit}", this.limit)),
      h("button", { class: "send", type: "submit", disabled: !this.text.trim(), "aria-label": this.sendLabel }),
    ]);
  },
};
