// A field for a file, which is sent in pieces as soon as it is chosen: each arrives within the port's deadlines.
import { h } from "vue";

const PIECE = 512 * 1024; // bytes; as bot.web.console.file has it

export default {
  props: { name: String, label: String, accept: String, url: String, hint: String, failed: String, disabled: Boolean },
  emits: ["sent"],
  data: () => ({ share: null, problem: "" }),
  methods: {
    async onChange(event) {
      const field = event.target;
      const [file] = field.files;
      if (!file) return;
      [this.problem, this.share] = ["", 0];
      try {
        for (let at = 0; at === 0 || at < file.size; at += PIECE) {
          const query = new URLSearchParams({ at, name: file.name });
          const answer = await fetch(`${this.url}?${query}`, { method: "POST", body: file.slice(at, at + PIECE) });
          if (!answer.ok) {
            this.problem = answer.status === 422 ? await answer.text() : this.failed;
            break;
          }
          this.share = Math.min(1, (at + PIECE) / file.size);
        }
        if (!this.problem) this.$emit("sent");
      } catch {
        this.problem = this.failed; // the line is cut, or the file can't be read any more
      }
      this.share = null;
      field.value = ""; // so that the same file can be chosen again
    },
  },
  render() {
    const hint = `${this.name}-hint`;
    return h("div", { class: "field" }, [
      h("label", { for: this.name }, this.label),
      h("input", {
        id: this.name,
        type: "file",
        accept: this.accept,
        disabled: this.disabled || this.share !== null,
        "aria-describedby": hint,
        onChange: this.onChange,
      }),
      h("span", { id: hint, class: "muted" }, this.hint),
      this.share !== null && h("progress", { value: this.share, "aria-label": this.label }),
      h("span", { role: "alert", class: "problem" }, this.problem),
    ]);
  },
};
