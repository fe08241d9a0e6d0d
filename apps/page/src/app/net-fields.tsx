/** What one says of a net, wherever one is chosen. */

import type { BackboneName } from '@infnet/inf-net';
import type { VNode } from 'preact';
import { Choice, NumberField } from './fields.js';

export interface NetFieldProps<T> {
  readonly value: T;
  readonly disabled: boolean;
  readonly onChange: (value: T) => void;
}

export function BackboneChoice(props: NetFieldProps<BackboneName>): VNode {
  return (
    <Choice
      label="Backbone"
      options={[
        ['res2net50', 'Res2Net-50'],
        ['res2net101', 'Res2Net-101'],
        ['resnet50', 'ResNet-50'],
        ['vgg16', 'VGG-16, the fewest layers'],
      ]}
      {...props}
    />
  );
}

export function WidthField(props: NetFieldProps<number>): VNode {
  return <NumberField label="Width" min={0.125} max={1} step="any" {...props} />;
}
