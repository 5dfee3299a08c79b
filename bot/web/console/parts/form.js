// A form whose values stay in the browser until it is sent: no round trip per key.
import { h } from "vue";

export default {
  props: { name: String, fields: Array, submit: String, strong: Boolean, keep: Boolean, focus: Boolean },
  emits: ["send"],
  created() {
    // Vue gives inputs their first value back whenever the page is drawn anew; what was typed must outlast that.
    this.typed = {};
  },
  mounted() {
    if (this.focus) this.$el.querySelector("input, textarea")?.focus();
  },
  methods: {
    onKeydown(event) {
      // Ctrl+Enter sends also from a field of many lines; after Escape, keys are those of the page again.
      if (event.key === "Escape") event.target.blur();
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.currentTarget.requestSubmit();
    },
    send(event) {
      event.preventDefault();
      const form = event.target;
      const values = Object.fromEntries(new FormData(form).entries());
      for (const name in values) values[name] = values[name].toWellFormed?.() ?? values[name];
      this.$emit("send", values);
      if (this.keep) return;
      this.typed = {};
      form.reset();
    },
    field(field) {
      const id = `${this.name}-${field.name}`;
      const shared = { id, name: field.name, required: field.required, "aria-label": field.hidden ? field.label : undefined };
      if (field.hint) shared["aria-describedby"] = `${id}-hint`;
      const input =
        field.kind === "select"
          ? h(
              "select",
              shared,
              field.options.map(([value, label]) => h("option", { value, selected: value === field.value }, label)),
            )
          : h(field.kind === "textarea" ? "textarea" : "input", {
              ...shared,
              type: field.kind === "textarea" ? undefined : field.kind,
              rows: field.kind === "textarea" ? field.rows ?? 6 : undefined,
              maxlength: field.limit,
              value: this.typed[field.name] ?? field.value,
              onInput: (event) => (this.typed[field.name] = event.target.value),
              dir: "auto",
              autocomplete: "off",
            });
      return h("div", { class: "field" }, [
        field.hidden ? null : h("label", { for: id }, field.label),
        input,
        field.hint ? h("span", { id: `${id}-hint`, class: "muted" }, field.hint) : null,
      ]);
    },
  },
  render() {
    return h("form", { class: "row", onSubmit: this.send, onKeydown: this.onKeydown }, [
      ...this.fields.map(this.field),
      h("button", { class: ["button", { main: this.strong }], type: "submit" }, this.submit),
    ]);
  },
};
