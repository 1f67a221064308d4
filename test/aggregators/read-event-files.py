"""Reads TensorBoard event files with Google's protobuf and crcmod, and prints them as JSON lines.

Nothing of trainscope is used. The messages are declared from TensorFlow's published definitions (event.proto,
summary.proto, tensor.proto, tensor_shape.proto) and TensorBoard's (hparams/plugin_data.proto, hparams/api.proto), by
their field numbers and types.
"""
import glob, json, os, struct, sys
import crcmod.predefined
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, struct_pb2

crc32c = crcmod.predefined.mkPredefinedCrcFun('crc-32c')
F = descriptor_pb2.FieldDescriptorProto
TYPES = dict(double=F.TYPE_DOUBLE, float=F.TYPE_FLOAT, int64=F.TYPE_INT64, int32=F.TYPE_INT32, string=F.TYPE_STRING, bytes=F.TYPE_BYTES, bool=F.TYPE_BOOL)
MESSAGES = {
    'Event': [('wall_time', 1, 'double'), ('step', 2, 'int64'), ('file_version', 3, 'string'), ('summary', 5, 'Summary'), ('session_log', 7, 'SessionLog'), ('source_metadata', 10, 'SourceMetadata')],
    'SourceMetadata': [('writer', 1, 'string')],
    'SessionLog': [('status', 1, 'int32')],
    'Summary': [('value', 1, '*Value')],
    'Value': [('tag', 1, 'string'), ('simple_value', 2, 'float'), ('tensor', 8, 'Tensor'), ('metadata', 9, 'Metadata')],
    'Metadata': [('plugin_data', 1, 'PluginData'), ('display_name', 2, 'string'), ('summary_description', 3, 'string'), ('data_class', 4, 'int32')],
    'PluginData': [('plugin_name', 1, 'string'), ('content', 2, 'bytes')],
    'Tensor': [('dtype', 1, 'int32'), ('tensor_shape', 2, 'Shape'), ('tensor_content', 4, 'bytes'), ('string_val', 8, '*bytes')],
    'Shape': [('dim', 2, '*Dim')],
    'Dim': [('size', 1, 'int64')],
    'HParams': [('version', 1, 'int32'), ('experiment', 2, 'Experiment'), ('session_start_info', 3, 'Start'), ('session_end_info', 4, 'End')],
    'Experiment': [('time_created_secs', 3, 'double'), ('hparam_infos', 4, '*HParamInfo'), ('metric_infos', 5, '*MetricInfo')],
    'HParamInfo': [('name', 1, 'string'), ('type', 4, 'int32')],
    'MetricInfo': [('name', 1, 'MetricName'), ('dataset_type', 5, 'int32')],
    'MetricName': [('group', 1, 'string'), ('tag', 2, 'string')],
    'Start': [('hparams', 1, '*Entry'), ('group_name', 4, 'string'), ('start_time_secs', 5, 'double')],
    'Entry': [('key', 1, 'string'), ('value', 2, '.google.protobuf.Value')],
    'End': [('status', 1, 'int32'), ('end_time_secs', 2, 'double')],
}

file = descriptor_pb2.FileDescriptorProto(name='event_files.proto', package='t', syntax='proto3', dependency=['google/protobuf/struct.proto'])
for name, fields in MESSAGES.items():
    message = file.message_type.add(name=name)
    for field, number, kind in fields:
        repeated, kind = kind.startswith('*'), kind.lstrip('*')
        described = message.field.add(name=field, number=number, label=F.LABEL_REPEATED if repeated else F.LABEL_OPTIONAL)
        if kind in TYPES:
            described.type = TYPES[kind]
        else:
            described.type, described.type_name = F.TYPE_MESSAGE, kind if kind.startswith('.') else '.t.' + kind
pool = descriptor_pool.DescriptorPool()
pool.AddSerializedFile(struct_pb2.DESCRIPTOR.serialized_pb)
pool.Add(file)
# Its name until protobuf 4.22, and since.
class_of = getattr(message_factory, 'GetMessageClass', None) or message_factory.MessageFactory(pool).GetPrototype
CLASS = {name: class_of(pool.FindMessageTypeByName('t.' + name)) for name in MESSAGES}


def masked(data):
    crc = crc32c(data)
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def parsed(name, data):
    message = CLASS[name]()
    message.ParseFromString(data)
    size = message.ByteSize()
    message.DiscardUnknownFields()
    assert message.ByteSize() == size, 'bytes that are of no field in the definitions'
    return message


def real(x):
    return x if x == x and abs(x) != float('inf') else str(x)


def value_of(value):
    found = dict(tag=value.tag)
    if not value.HasField('tensor'):
        return dict(found, scalar=real(value.simple_value))
    shape = [dim.size for dim in value.tensor.tensor_shape.dim]
    plugin = value.metadata.plugin_data.plugin_name
    found.update(plugin=plugin, shape=shape, dtype=value.tensor.dtype, data_class=value.metadata.data_class)
    if plugin == 'histograms':
        found['numbers'] = list(struct.unpack('<%dd' % (len(value.tensor.tensor_content) // 8), value.tensor.tensor_content))
    elif plugin == 'hparams':
        content = parsed('HParams', value.metadata.plugin_data.content)
        if content.HasField('experiment'):
            found['hparams'] = [[info.name, info.type] for info in content.experiment.hparam_infos]
            found['metrics'] = [[info.name.group, info.name.tag] for info in content.experiment.metric_infos]
        if content.HasField('session_start_info'):
            found['start'] = {entry.key: getattr(entry.value, entry.value.WhichOneof('kind')) for entry in content.session_start_info.hparams}
        if content.HasField('session_end_info'):
            found['status'] = content.session_end_info.status
    else:
        found['strings'] = [part.hex() for part in value.tensor.string_val]
    return found


for path in sorted(glob.glob(os.path.join(sys.argv[1], '**', 'events.out.tfevents.*'), recursive=True)):
    with open(path, 'rb') as handle:
        data = handle.read()
    at = 0
    while at < len(data):
        (length,) = struct.unpack_from('<Q', data, at)
        (length_crc,) = struct.unpack_from('<I', data, at + 8)
        body = data[at + 12 : at + 12 + length]
        (data_crc,) = struct.unpack_from('<I', data, at + 12 + length)
        assert length_crc == masked(data[at : at + 8]), 'CRC of a length'
        assert data_crc == masked(body), 'CRC of data'
        event = parsed('Event', body)
        print(json.dumps(dict(
            folder=os.path.relpath(os.path.dirname(path), sys.argv[1]), file=os.path.basename(path), time=event.wall_time, step=event.step,
            version=event.file_version, restart=event.session_log.status, values=[value_of(value) for value in event.summary.value])))
        at += 16 + length
