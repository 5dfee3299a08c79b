// A labelled choice among a few.
import { h } from "vue";

export default {
  props: { name: String, label: String, options: Array, value: String, disabled: Boolean },
  emits: ["chosen"],
  render() {
    const options = this.options.map(([value, label]) => h("option", { value, selected: value === this.value }, label));
    const choose = (event) => this.$emit("chosen", event.target.value);
    return h("div", { class: "field" }, [
      h("label", { for: this.name }, this.label),
      h("select", { id: this.name, disabled: this.disabled, onChange: choose }, options),
    ]);
  },
};
