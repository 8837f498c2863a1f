export { type FromAiSdkOptions, fromAiSdk } from './fromAiSdk.ts';
