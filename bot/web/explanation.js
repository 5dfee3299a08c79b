// The form under an answer that got a thumb down. What is typed stays in the browser until it is sent; skipping it,
// by the button or Escape, leaves the vote as it is.
import { h } from "vue";

const NEAR_LIMIT = 0.9; // the share of the limit from which the counter is shown

export default {
  props: { name: String, reasons: Array, limit: Number, reason: String, correction: String, words: Object },
  emits: ["send", "skip"],
  data() {
    return { chosen: this.reason ?? null, text: this.correction ?? "" };
  },
  mounted() {
    const field = this.$el.querySelector("input:checked") ?? this.$el.querySelector("input");
    field.focus({ preventScroll: true });
    this.$el.scrollIntoView({ block: "nearest" });
  },
  beforeUnmount() {
    // Whoever was in the form goes on where it began, not at the top of the page.
    if (this.$el.contains(document.activeElement)) this.$el.closest("article").querySelector(".thumb.down").focus();
  },
  methods: {
    send() {
      const isCutOff = window.did_handshake && !window.socket.connected;
      if (isCutOff) return; // what can't be sent stays where it is
      const correction = this.text.toWellFormed?.() ?? this.text; // half a character can't be sent as UTF-8
      this.$emit("send", { reason: this.chosen, correction });
    },
    onKeydown(event) {
      if (event.key === "Escape" && !event.isComposing) this.$emit("skip");
    },
  },
  render() {
    const used = this.text.length;
    const reasons = this.reasons.map(([value, words]) =>
      h("label", { class: "reason" }, [
        h("input", {
          type: "radio",
          name: this.name,
          value,
          checked: this.chosen === value,
          onChange: () => (this.chosen = value),
        }),
        words,
      ]),
    );
    return h(
      "form",
      {
        class: "explanation",
        "aria-label": this.words.label,
        "aria-live": "off", // the focus is in it already
        onSubmit: (event) => (event.preventDefault(), this.send()),
        onKeydown: this.onKeydown,
      },
      [
        h("fieldset", [h("legend", this.words.reason), h("div", { class: "reasons" }, reasons)]),
        h("label", { class: "correction" }, [
          h("span", [`${this.words.correction} `, h("em", this.words.optional)]),
          h("textarea", {
            rows: 3,
            dir: "auto",
            value: this.text,
            maxlength: this.limit,
            onInput: (event) => (this.text = event.target.value),
          }),
        ]),
        used >= this.limit * NEAR_LIMIT &&
          h("span", { class: ["counter", { full: used >= this.limit }], role: "status" }, this.words.counter.replace("{used}", used).replace("{limit}", this.limit)),
        h("div", { class: "actions" }, [
          h("button", { class: "tell", type: "submit", disabled: !this.chosen && !this.text.trim() }, this.words.send),
          h("button", { class: "skip", type: "button", onClick: () => this.$emit("skip") }, this.words.skip),
        ]),
      ],
    );
  },
};
