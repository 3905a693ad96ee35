"""The layers, by the names and arguments of Keras."""

from multiback.layers._input_spec import InputSpec
from multiback.layers._layer import Layer
from multiback.layers._registry import deserialize, serialize
from multiback.layers.activations.elu import ELU
from multiback.layers.activations.leaky_relu import LeakyReLU
from multiback.layers.activations.prelu import PReLU
from multiback.layers.activations.relu import ReLU
from multiback.layers.activations.softmax import Softmax
from multiback.layers.attention.additive_attention import AdditiveAttention
from multiback.layers.attention.attention import Attention
from multiback.layers.attention.multi_head_attention import MultiHeadAttention
from multiback.layers.convolutional.conv1d import Conv1D
from multiback.layers.convolutional.conv1d_transpose import Conv1DTranspose
from multiback.layers.convolutional.conv2d import Conv2D
from multiback.layers.convolutional.conv2d_transpose import Conv2DTranspose
from multiback.layers.convolutional.conv3d import Conv3D
from multiback.layers.convolutional.conv3d_transpose import Conv3DTranspose
from multiback.layers.convolutional.depthwise_conv1d import DepthwiseConv1D
from multiback.layers.convolutional.depthwise_conv2d import DepthwiseConv2D
from multiback.layers.convolutional.separable_conv1d import SeparableConv1D
from multiback.layers.convolutional.separable_conv2d import SeparableConv2D
from multiback.layers.core.activation import Activation
from multiback.layers.core.dense import Dense
from multiback.layers.core.einsum_dense import EinsumDense
from multiback.layers.core.embedding import Embedding
from multiback.layers.core.identity import Identity
from multiback.layers.core.input_layer import Input, InputLayer
from multiback.layers.core.lambda_layer import Lambda
from multiback.layers.core.layer_scale import LayerScale
from multiback.layers.core.masking import Masking
from multiback.layers.core.rescaling import Rescaling
from multiback.layers.core.wrapper import Wrapper
from multiback.layers.merging.add import Add, add
from multiback.layers.merging.average import Average, average
from multiback.layers.merging.concatenate import Concatenate, concatenate
from multiback.layers.merging.custom_scale_layer import CustomScaleLayer
from multiback.layers.merging.dot import Dot, dot
from multiback.layers.merging.maximum import Maximum, maximum
from multiback.layers.merging.minimum import Minimum, minimum
from multiback.layers.merging.multiply import Multiply, multiply
from multiback.layers.merging.subtract import Subtract, subtract
from multiback.layers.normalization.batch_normalization import BatchNormalization
from multiback.layers.normalization.group_normalization import GroupNormalization
from multiback.layers.normalization.layer_normalization import LayerNormalization
from multiback.layers.normalization.normalization import Normalization
from multiback.layers.normalization.rms_normalization import RMSNormalization
from multiback.layers.normalization.unit_normalization import UnitNormalization
from multiback.layers.pooling.average_pooling1d import AveragePooling1D
from multiback.layers.pooling.average_pooling2d import AveragePooling2D
from multiback.layers.pooling.average_pooling3d import AveragePooling3D
from multiback.layers.pooling.global_average_pooling1d import GlobalAveragePooling1D
from multiback.layers.pooling.global_average_pooling2d import GlobalAveragePooling2D
from multiback.layers.pooling.global_average_pooling3d import GlobalAveragePooling3D
from multiback.layers.pooling.global_max_pooling1d import GlobalMaxPooling1D
from multiback.layers.pooling.global_max_pooling2d import GlobalMaxPooling2D
from multiback.layers.pooling.global_max_pooling3d import GlobalMaxPooling3D
from multiback.layers.pooling.max_pooling1d import MaxPooling1D
from multiback.layers.pooling.max_pooling2d import MaxPooling2D
from multiback.layers.pooling.max_pooling3d import MaxPooling3D
from multiback.layers.preprocessing.category_encoding import CategoryEncoding
from multiback.layers.preprocessing.center_crop import CenterCrop
from multiback.layers.preprocessing.resizing import Resizing
from multiback.layers.regularization.activity_regularization import ActivityRegularization
from multiback.layers.regularization.alpha_dropout import AlphaDropout
from multiback.layers.regularization.dropout import Dropout
from multiback.layers.regularization.gaussian_dropout import GaussianDropout
from multiback.layers.regularization.gaussian_noise import GaussianNoise
from multiback.layers.regularization.spatial_dropout1d import SpatialDropout1D
from multiback.layers.regularization.spatial_dropout2d import SpatialDropout2D
from multiback.layers.regularization.spatial_dropout3d import SpatialDropout3D
from multiback.layers.reshaping.cropping1d import Cropping1D
from multiback.layers.reshaping.cropping2d import Cropping2D
from multiback.layers.reshaping.cropping3d import Cropping3D
from multiback.layers.reshaping.flatten import Flatten
from multiback.layers.reshaping.permute import Permute
from multiback.layers.reshaping.repeat_vector import RepeatVector
from multiback.layers.reshaping.reshape import Reshape
from multiback.layers.reshaping.up_sampling1d import UpSampling1D
from multiback.layers.reshaping.up_sampling2d import UpSampling2D
from multiback.layers.reshaping.up_sampling3d import UpSampling3D
from multiback.layers.reshaping.zero_padding1d import ZeroPadding1D
from multiback.layers.reshaping.zero_padding2d import ZeroPadding2D
from multiback.layers.reshaping.zero_padding3d import ZeroPadding3D
from multiback.layers.rnn.bidirectional import Bidirectional
from multiback.layers.rnn.conv_lstm1d import ConvLSTM1D
from multiback.layers.rnn.conv_lstm2d import ConvLSTM2D
from multiback.layers.rnn.conv_lstm3d import ConvLSTM3D
from multiback.layers.rnn.gru import GRU
from multiback.layers.rnn.gru_cell import GRUCell
from multiback.layers.rnn.lstm import LSTM
from multiback.layers.rnn.lstm_cell import LSTMCell
from multiback.layers.rnn.rnn import RNN
from multiback.layers.rnn.simple_rnn import SimpleRNN
from multiback.layers.rnn.simple_rnn_cell import SimpleRNNCell
from multiback.layers.rnn.stacked_rnn_cells import StackedRNNCells
from multiback.layers.rnn.time_distributed import TimeDistributed

AvgPool1D = AveragePooling1D
AvgPool2D = AveragePooling2D
AvgPool3D = AveragePooling3D
Convolution1D = Conv1D
Convolution1DTranspose = Conv1DTranspose
Convolution2D = Conv2D
Convolution2DTranspose = Conv2DTranspose
Convolution3D = Conv3D
Convolution3DTranspose = Conv3DTranspose
GlobalAvgPool1D = GlobalAveragePooling1D
GlobalAvgPool2D = GlobalAveragePooling2D
GlobalAvgPool3D = GlobalAveragePooling3D
GlobalMaxPool1D = GlobalMaxPooling1D
GlobalMaxPool2D = GlobalMaxPooling2D
GlobalMaxPool3D = GlobalMaxPooling3D
MaxPool1D = MaxPooling1D
MaxPool2D = MaxPooling2D
MaxPool3D = MaxPooling3D
SeparableConvolution1D = SeparableConv1D
SeparableConvolution2D = SeparableConv2D

__all__ = [
    "ELU",
    "GRU",
    "LSTM",
    "RNN",
    "Activation",
    "ActivityRegularization",
    "Add",
    "AdditiveAttention",
    "AlphaDropout",
    "Attention",
    "Average",
    "AveragePooling1D",
    "AveragePooling2D",
    "AveragePooling3D",
    "AvgPool1D",
    "AvgPool2D",
    "AvgPool3D",
    "BatchNormalization",
    "Bidirectional",
    "CategoryEncoding",
    "CenterCrop",
    "Concatenate",
    "Conv1D",
    "Conv1DTranspose",
    "Conv2D",
    "Conv2DTranspose",
    "Conv3D",
    "Conv3DTranspose",
    "ConvLSTM1D",
    "ConvLSTM2D",
    "ConvLSTM3D",
    "Convolution1D",
    "Convolution1DTranspose",
    "Convolution2D",
    "Convolution2DTranspose",
    "Convolution3D",
    "Convolution3DTranspose",
    "Cropping1D",
    "Cropping2D",
    "Cropping3D",
    "CustomScaleLayer",
    "Dense",
    "DepthwiseConv1D",
    "DepthwiseConv2D",
    "Dot",
    "Dropout",
    "EinsumDense",
    "Embedding",
    "Flatten",
    "GRUCell",
    "GaussianDropout",
    "GaussianNoise",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalAveragePooling3D",
    "GlobalAvgPool1D",
    "GlobalAvgPool2D",
    "GlobalAvgPool3D",
    "GlobalMaxPool1D",
    "GlobalMaxPool2D",
    "GlobalMaxPool3D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling2D",
    "GlobalMaxPooling3D",
    "GroupNormalization",
    "Identity",
    "Input",
    "InputLayer",
    "InputSpec",
    "LSTMCell",
    "Lambda",
    "Layer",
    "LayerNormalization",
    "LayerScale",
    "LeakyReLU",
    "Masking",
    "MaxPool1D",
    "MaxPool2D",
    "MaxPool3D",
    "MaxPooling1D",
    "MaxPooling2D",
    "MaxPooling3D",
    "Maximum",
    "Minimum",
    "MultiHeadAttention",
    "Multiply",
    "Normalization",
    "PReLU",
    "Permute",
    "RMSNormalization",
    "ReLU",
    "RepeatVector",
    "Rescaling",
    "Reshape",
    "Resizing",
    "SeparableConv1D",
    "SeparableConv2D",
    "SeparableConvolution1D",
    "SeparableConvolution2D",
    "SimpleRNN",
    "SimpleRNNCell",
    "Softmax",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
    "StackedRNNCells",
    "Subtract",
    "TimeDistributed",
    "UnitNormalization",
    "UpSampling1D",
    "UpSampling2D",
    "UpSampling3D",
    "Wrapper",
    "ZeroPadding1D",
    "ZeroPadding2D",
    "ZeroPadding3D",
    "add",
    "average",
    "concatenate",
    "deserialize",
    "dot",
    "maximum",
    "minimum",
    "multiply",
    "serialize",
    "subtract",
]
