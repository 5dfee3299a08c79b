// Where the answer to a gap is written: the answer, which of the questions lead to it, and more ways of asking. What is
// typed stays in the browser until it is sent or looked at; Escape leaves.
import { h } from "vue";

const NEAR_LIMIT = 0.9; // the share of the limit from which the counter is shown

export default {
  props: { questions: Array, limit: Number, words: Object },
  emits: ["save", "preview", "cancel"],
  data() {
    return { text: "", more: "", chosen: this.questions.map(() => true) };
  },
  mounted() {
    this.$el.querySelector("textarea").focus({ preventScroll: true });
    this.$el.scrollIntoView({ block: "nearest" });
  },
  methods: {
    send(event) {
      const isCutOff = window.did_handshake && !window.socket.connected;
      if (isCutOff || !this.text.trim()) return; // what can't be sent stays where it is
      // Half a character can't be sent as UTF-8.
      const [answer, more] = [this.text, this.more].map((text) => text.toWellFormed?.() ?? text);
      this.$emit(event, { answer, more, chosen: this.chosen.flatMap((is, place) => (is ? [place] : [])) });
    },
    onKeydown(event) {
      if (event.key === "Escape" && !event.isComposing) this.$emit("cancel");
    },
    area(name, rows, label) {
      return h("label", { class: "field" }, [
        h("span", label),
        h("textarea", {
          rows,
          dir: "auto",
          value: this[name],
          maxlength: this.limit,
          onInput: (event) => (this[name] = event.target.value),
        }),
      ]);
    },
  },
  render() {
    const used = this.text.length;
    const canLead = this.chosen.some((is) => is) || this.more.trim();
    const boxes = this.questions.map((question, place) =>
      h("label", { class: "choice" }, [
        h("input", {
          type: "checkbox",
          checked: this.chosen[place],
          onChange: (event) => (this.chosen[place] = event.target.checked),
        }),
        h("span", { dir: "auto" }, question),
      ]),
    );
    return h(
      "form",
      {
        class: "writing",
        "aria-label": this.words.label,
        onSubmit: (event) => (event.preventDefault(), this.send("save")),
        onKeydown: this.onKeydown,
      },
      [
        this.area("text", 5, this.words.answer),
        used >= this.limit * NEAR_LIMIT &&
          h("span", { class: "muted", role: "status" }, this.words.counter.replace("{used}", used).replace("{limit}", this.limit)),
        h("fieldset", [h("legend", this.words.questions), ...boxes]),
        this.area("more", 2, this.words.more),
        h("div", { class: "row" }, [
          h("button", { type: "submit", class: "button main", disabled: !this.text.trim() || !canLead }, this.words.save),
          h("button", { type: "button", class: "button", disabled: !this.text.trim(), onClick: () => this.send("preview") }, this.words.preview),
          h("button", { type: "button", class: "button", onClick: () => this.$emit("cancel") }, this.words.cancel),
        ]),
      ],
    );
  },
};
