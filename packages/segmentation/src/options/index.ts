/**
 * Options as data: kinds of values, tables of them, and that of a training. Nothing of the engine is loaded with it.
 */
export { TRAIN_OPTIONS, type TrainSettings } from '../train/options.js';
export { type Kind, type Read, readText, schemaOf, VALUE_NAMES, type ValueOf } from './kinds.js';
export {
  type Checked,
  checkSettings,
  defaultOf,
  namesWhere,
  type OptionRow,
  type OptionsOf,
  type OptionTable,
  optionFlag,
  type SettingsOf,
} from './table.js';
