// Asks before something is done that is hard to take back.
import { h, nextTick } from "vue";

export default {
  props: { text: String, yes: String, no: String, number: Number },
  emits: ["yes"],
  watch: {
    number() {
      nextTick(() => this.$refs.dialog.showModal());
    },
  },
  render() {
    return h("dialog", { ref: "dialog", class: "keys", "aria-labelledby": "question" }, [
      h("p", { id: "question" }, this.text),
      h("form", { method: "dialog", class: "row" }, [
        h("button", { class: "button", type: "submit", autofocus: true }, this.no),
        h("button", { class: "button main", type: "submit", onClick: () => this.$emit("yes", this.number) }, this.yes),
      ]),
    ]);
  },
};
