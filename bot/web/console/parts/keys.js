// Keys of the console: "g" and then a letter goes to a page, "?" shows all keys, others belong to the page. While
// somebody types, keys are letters.
import { h } from "vue";

export default {
  props: { label: String, close: String, go: Object, listed: Array, keys: Array },
  emits: ["press"],
  mounted() {
    document.addEventListener("keydown", this.onKeydown);
  },
  unmounted() {
    document.removeEventListener("keydown", this.onKeydown);
  },
  methods: {
    onKeydown(event) {
      const dialog = this.$refs.dialog;
      if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || dialog.open) return;
      if (event.repeat) return; // a key that is held down decides once
      if (event.target.closest("input, textarea, select, [contenteditable], dialog[open]")) return;
      if (event.key === "Shift") return;
      const isGoing = this.isGoing;
      this.isGoing = false;
      if (isGoing && this.go[event.key]) {
        window.location.assign(this.go[event.key]);
      } else if (event.key === "g") {
        this.isGoing = true;
      } else if (event.key === "?") {
        dialog.showModal();
      } else if ((this.keys ?? []).includes(event.key)) {
        this.$emit("press", event.key);
      } else {
        return;
      }
      event.preventDefault();
    },
  },
  render() {
    return h("dialog", { ref: "dialog", class: "keys", "aria-label": this.label }, [
      h("h2", this.label),
      h("dl", (this.listed ?? []).map(([key, meaning]) => h("div", [h("dt", h("kbd", key)), h("dd", meaning)]))),
      h("form", { method: "dialog" }, h("button", { class: "button", type: "submit" }, this.close)),
    ]);
  },
};
