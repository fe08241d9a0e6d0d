/** Which task's net it is and how it is built, wherever one is chosen: fields from the task's own options. */
import type { NetOption, NetOptions } from '@infnet/segmentation';
import type { VNode } from 'preact';
import { Check, Choice, NumberField } from './fields.js';
import type { NumberLimits } from './number.js';
import { taskNamed, tasks, usualOptions } from './tasks.js';

export interface ChosenNet {
  readonly task: string;
  readonly options: NetOptions;
}

/** Names that people know better. */
const NAMES: Readonly<Record<string, string>> = {
  res2net50: 'Res2Net-50',
  res2net101: 'Res2Net-101',
  resnet50: 'ResNet-50',
  vgg16: 'VGG-16, the fewest layers',
};

/** Of the numbers that Inf-Net is built with. */
const LIMITS: Readonly<Record<string, NumberLimits>> = {
  width: { min: 0.125, max: 1, step: 'any' },
  channels: { min: 4, max: 64, step: 1 },
};
const ANY: NumberLimits = { min: -1e9, max: 1e9, step: 'any' };

/** Only where there is something to choose. */
export function TaskChoice(props: {
  value: ChosenNet;
  disabled: boolean;
  onChange: (net: ChosenNet) => void;
}): VNode | null {
  if (tasks.value.length < 2) return null;
  return (
    <Choice
      label="Task"
      value={props.value.task}
      disabled={props.disabled}
      options={tasks.value.map(({ name }) => [name, name])}
      hint={taskNamed(props.value.task)?.summary}
      onChange={(name) => {
        const task = taskNamed(name);
        if (task !== undefined) props.onChange({ task: name, options: usualOptions(task) });
      }}
    />
  );
}

export function NetFields(props: {
  value: ChosenNet;
  disabled: boolean;
  onChange: (options: NetOptions) => void;
}): VNode | null {
  const { value, disabled } = props;
  const { netOptions = [] } = taskNamed(value.task) ?? {};
  if (netOptions.length === 0) return null;
  return (
    <div class="fields">
      {netOptions.map((option) => (
        <OptionField
          key={option.name}
          option={option}
          limits={(value.task === 'infection' ? LIMITS[option.name] : undefined) ?? ANY}
          value={value.options[option.name] ?? option.value}
          disabled={disabled}
          onChange={(changed) => props.onChange({ ...value.options, [option.name]: changed })}
        />
      ))}
    </div>
  );
}

function OptionField(props: {
  option: NetOption;
  limits: NumberLimits;
  value: NetOption['value'];
  disabled: boolean;
  onChange: (value: NetOption['value']) => void;
}): VNode {
  const { option, limits, value, disabled, onChange } = props;
  const { name, choices } = option;
  const label = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  if (typeof value === 'number') {
    return <NumberField label={label} {...limits} value={value} disabled={disabled} onChange={onChange} />;
  }
  if (typeof value === 'boolean') {
    return <Check label={label} checked={value} disabled={disabled} onChange={onChange} />;
  }
  const options = (choices ?? [value]).map((choice) => [choice, NAMES[choice] ?? choice] as const);
  return <Choice label={label} value={value} options={options} disabled={disabled} onChange={onChange} />;
}
